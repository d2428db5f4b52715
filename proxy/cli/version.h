/*
 * What this binary is made of.
 */
#ifndef SALLYPORT_CLI_VERSION_H
#define SALLYPORT_CLI_VERSION_H

/* Prints the version, those of the libraries in use, and the build's options to standard output. */
void version_print(void);

#endif
