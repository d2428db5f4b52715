#include "config/nearest.h"

void nearest_init(struct nearest *nearest, struct span word)
{
	size_t allowed = (word.size + 2) / 3;

	*nearest = (struct nearest){.word = word, .distance = (allowed < 3 ? allowed : 3) + 1};
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(struct span a, struct span b)
{
	size_t rows[3][NEAREST_WORD_MAX + 1]; /* this one, the last, the one before */
	size_t *before = rows[0];
	size_t *last = rows[1];
	size_t *row = rows[2];

	for (size_t j = 0; j <= b.size; j++) {
		before[j] = 0;
		last[j] = j;
	}
	for (size_t i = 1; i <= a.size; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			char x = ascii_lower(a.data[i - 1]);
			char y = ascii_lower(b.data[j - 1]);

			row[j] = smaller(smaller(last[j] + 1, row[j - 1] + 1), last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == ascii_lower(b.data[j - 2]) &&
			    y == ascii_lower(a.data[i - 2]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}

		size_t *oldest = before;

		before = last;
		last = row;
		row = oldest;
	}
	return last[b.size];
}

void nearest_offer(struct nearest *nearest, struct span candidate)
{
	if (nearest->word.size > NEAREST_WORD_MAX || candidate.size > NEAREST_WORD_MAX)
		return;

	size_t edits = distance(nearest->word, candidate);

	/* Replacing every letter makes anything of a short word. */
	if (edits < nearest->distance && edits < candidate.size) {
		nearest->distance = edits;
		nearest->best = candidate;
	}
}
