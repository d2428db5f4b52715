#include "config/variable.h"

#include "base/check.h"

static const struct {
	const char *name;
	const char *words;
} variables[VARIABLE_COUNT] = {[VARIABLE_NONE] = {"", ""},
#define VARIABLE_ROW(id, name, words) [VARIABLE_##id] = {name, words},
                               VARIABLE_TABLE(VARIABLE_ROW)
#undef VARIABLE_ROW
};

enum variable variable_of(struct span name)
{
	for (int i = VARIABLE_NONE + 1; i < VARIABLE_COUNT; i++)
		if (span_equal(name, span_of_string(variables[i].name)))
			return (enum variable)i;
	return VARIABLE_NONE;
}

const char *variable_name(enum variable variable)
{
	check(variable < VARIABLE_COUNT);
	return variables[variable].name;
}

const char *variable_words(enum variable variable)
{
	check(variable < VARIABLE_COUNT);
	return variables[variable].words;
}
