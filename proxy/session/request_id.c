#include "session/request_id.h"

#include "tls/library.h"

void request_ids_init(struct request_ids *ids, struct tls_random *random)
{
	ids->random = random;
	ids->left = 0;
}

enum error request_ids_next(struct request_ids *ids, char ret_id[REQUEST_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	if (ids->left == 0) {
		enum error error = tls_random_bytes(ids->random, ids->bytes, sizeof(ids->bytes));

		if (error)
			return error;
		ids->left = REQUEST_ID_BATCH;
	}

	const unsigned char *bytes = ids->bytes[--ids->left];

	for (size_t i = 0; i < REQUEST_ID_SIZE / 2; i++) {
		ret_id[2 * i] = digits[bytes[i] >> 4];
		ret_id[2 * i + 1] = digits[bytes[i] & 15];
	}
	return OK;
}
