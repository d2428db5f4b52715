#include "http/status.h"

#include <stddef.h>

#include "base/check.h"

/* clang-format off */
#define STATUS_TABLE(X) \
	X(100, "Continue") \
	X(101, "Switching Protocols") \
	X(200, "OK") \
	X(201, "Created") \
	X(202, "Accepted") \
	X(204, "No Content") \
	X(206, "Partial Content") \
	X(301, "Moved Permanently") \
	X(302, "Found") \
	X(303, "See Other") \
	X(304, "Not Modified") \
	X(307, "Temporary Redirect") \
	X(308, "Permanent Redirect") \
	X(400, "Bad Request") \
	X(401, "Unauthorized") \
	X(403, "Forbidden") \
	X(404, "Not Found") \
	X(405, "Method Not Allowed") \
	X(408, "Request Timeout") \
	X(411, "Length Required") \
	X(413, "Content Too Large") \
	X(414, "URI Too Long") \
	X(417, "Expectation Failed") \
	X(421, "Misdirected Request") \
	X(422, "Unprocessable Content") \
	X(426, "Upgrade Required") \
	X(429, "Too Many Requests") \
	X(431, "Request Header Fields Too Large") \
	X(500, "Internal Server Error") \
	X(501, "Not Implemented") \
	X(502, "Bad Gateway") \
	X(503, "Service Unavailable") \
	X(504, "Gateway Timeout") \
	X(505, "HTTP Version Not Supported")
/* clang-format on */

struct row {
	int status;
	struct span reason;
};

static const struct row rows[] = {
#define STATUS_ROW(status, reason) {status, {reason, sizeof(reason) - 1}},
	STATUS_TABLE(STATUS_ROW)
#undef STATUS_ROW
};

struct span status_reason(int status)
{
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (rows[i].status == status)
			return rows[i].reason;
	return span_of(NULL, 0);
}
