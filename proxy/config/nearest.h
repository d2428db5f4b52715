/*
 * "Did you mean …?": the candidate that is nearest to a word, if one is near enough.
 *
 * Distance: edits of one letter (insert, delete, replace) and swaps of two neighbours
 * (Damerau–Levenshtein, optimal string alignment), case ignored. Near enough: one edit for each
 * three letters of the word begun, at most three. Words of more than NEAREST_WORD_MAX bytes have
 * no neighbours.
 *
 * Borrows: the word and the candidates.
 */
#ifndef SALLYPORT_CONFIG_NEAREST_H
#define SALLYPORT_CONFIG_NEAREST_H

#include "base/span.h"

enum { NEAREST_WORD_MAX = 64 };

struct nearest {
	struct span word;
	struct span best; /* empty: none was near enough */
	size_t distance;  /* of the best; one more than allowed as long as there is none */
};

void nearest_init(struct nearest *nearest, struct span word);
/* Keeps the candidate if it is nearer than all before. */
void nearest_offer(struct nearest *nearest, struct span candidate);

#endif
