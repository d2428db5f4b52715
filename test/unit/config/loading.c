#include "loading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

char *loading_lookup(const char *name)
{
	static struct {
		const char *name;
		char value[32];
	} variables[] = {
		{"HOST", "legacy.internal"},
		{"PORT", "8443"},
		{"CLUSTER", "app"},
		{"NESTED", "${HOST}"},
		{"DOTTED", "${client.address}"},
		{"ONCE", "$${HOST}"},
		{"EMPTY", ""},
		{"EVIL", "a\x1b[31m"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(variables); i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	return NULL;
}

enum error loading_load(const char *name, struct span source, struct diagnostics *diagnostics,
                        struct config **ret_config)
{
	return config_load_text(span_of_string(name), SPAN("/etc/sallyport"), source, loading_lookup,
	                        diagnostics, ret_config);
}

struct span loading_read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *data = malloc((2 << 20) + 1);

	if (!file)
		fail_msg("%s can not be opened", path);
	assert_non_null(data);

	size_t size = fread(data, 1, 2 << 20, file);

	(void)fclose(file);
	data[size] = '\0';
	return span_of(data, size);
}
