/*
 * Whether this is a build with a sanitizer, which needs more of the system than the program itself.
 */
#ifndef SALLYPORT_SANDBOX_SANITIZERS_H
#define SALLYPORT_SANDBOX_SANITIZERS_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SALLYPORT_SANITIZED 1
#endif
#endif
#if !defined(SALLYPORT_SANITIZED) && (defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__))
#define SALLYPORT_SANITIZED 1
#endif
#if !defined(SALLYPORT_SANITIZED)
#define SALLYPORT_SANITIZED 0
#endif

#endif
