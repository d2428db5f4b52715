/* A folder of files for one test, removed with all that is in it. */
#ifndef SALLYPORT_TEST_SETUP_FOLDER_H
#define SALLYPORT_TEST_SETUP_FOLDER_H

#include <stddef.h>

void folder_open(void);
void folder_close(void);
/* The path of a file in it; valid until the call after the next. */
const char *folder_path(const char *name);
void folder_write(const char *name, const char *content, size_t size);
void folder_write_text(const char *name, const char *text);

#endif
