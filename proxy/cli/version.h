/*
 * What this binary is made of.
 */
#ifndef SALLYPORT_CLI_VERSION_H
#define SALLYPORT_CLI_VERSION_H

/*
 * Prints the version, those of the libraries in use, who computes which cryptography, and the
 * build's options to standard output. After tls_library_open().
 */
void version_print(void);

#endif
