#include "base/error.h"

#include <stddef.h>

struct row {
	const char *code;
	const char *words;
	short client_status;
	short backend_status;
	enum retry retry;
};

static const struct row rows[ERROR_COUNT] = {[OK] = {"ok", "no error", 0, 0, RETRY_NEVER},
#define ERROR_ROW(name, code, words, client, backend, retry) \
	[ERROR_##name] = {code, words, client, backend, RETRY_##retry},
                                             ERROR_TABLE(ERROR_ROW)
#undef ERROR_ROW
};

static const struct row *row_of(enum error error)
{
	check((size_t)error < ARRAY_LENGTH(rows));
	return &rows[error];
}

const char *error_code(enum error error)
{
	return row_of(error)->code;
}

const char *error_words(enum error error)
{
	return row_of(error)->words;
}

int error_status(enum error error, enum side side)
{
	switch (side) {
	case SIDE_CLIENT:
		return row_of(error)->client_status;
	case SIDE_BACKEND:
		return row_of(error)->backend_status;
	case SIDE_PROXY:
		return 503;
	case SIDE_NONE:
	case SIDE_COUNT:
		break;
	}
	return 0;
}

enum retry error_retry(enum error error)
{
	return row_of(error)->retry;
}

const char *side_name(enum side side)
{
	static const char *const names[SIDE_COUNT] = {"none", "client", "backend", "proxy"};

	check((size_t)side < ARRAY_LENGTH(names));
	return names[side];
}
