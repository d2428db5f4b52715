#include "tls/early_data.h"

enum { HEADER_SIZE = 5, APPLICATION_DATA = 23 };

static bool is_early(const struct tls_early_data *early_data, struct span wire)
{
	return wire.size > 0 && wire.data[0] == APPLICATION_DATA &&
	       early_data->skipped < TLS_EARLY_DATA_MAX;
}

size_t tls_early_data_skip(struct tls_early_data *early_data, struct span wire)
{
	size_t size;

	if (early_data->left == 0) {
		if (!is_early(early_data, wire) || wire.size < HEADER_SIZE)
			return 0;
		early_data->left =
			HEADER_SIZE + ((size_t)(unsigned char)wire.data[3] << 8) + (unsigned char)wire.data[4];
	}
	size = wire.size < early_data->left ? wire.size : early_data->left;
	early_data->left -= size;
	early_data->skipped += size;
	return size;
}

bool tls_early_data_is_within(const struct tls_early_data *early_data, struct span wire)
{
	return early_data->left > 0 || is_early(early_data, wire);
}
