// libcurl's calls with variable arguments, one function for each kind of argument, which Swift can call.
// Each returns what the wrapped call returns.
#ifndef KOTIB_CURL_H
#define KOTIB_CURL_H

#include <curl/curl.h>

// The callbacks' types of curl_easy_setopt(3): CURLOPT_WRITEFUNCTION, which CURLOPT_HEADERFUNCTION
// shares, and CURLOPT_XFERINFOFUNCTION.
typedef size_t (*kotib_curl_write)(char *bytes, size_t size, size_t count, void *context);
typedef int (*kotib_curl_progress)(void *context, curl_off_t download_total, curl_off_t downloaded,
                                   curl_off_t upload_total, curl_off_t uploaded);

CURLcode kotib_curl_set_long(CURL *easy, CURLoption option, long value);
CURLcode kotib_curl_set_size(CURL *easy, CURLoption option, curl_off_t value);
CURLcode kotib_curl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode kotib_curl_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode kotib_curl_set_headers(CURL *easy, struct curl_slist *headers);
CURLcode kotib_curl_set_mime(CURL *easy, curl_mime *mime);
CURLcode kotib_curl_set_write(CURL *easy, kotib_curl_write function, void *context);
CURLcode kotib_curl_set_header(CURL *easy, kotib_curl_write function, void *context);
CURLcode kotib_curl_set_progress(CURL *easy, kotib_curl_progress function, void *context);

CURLcode kotib_curl_get_long(CURL *easy, CURLINFO info, long *value);
CURLcode kotib_curl_get_size(CURL *easy, CURLINFO info, curl_off_t *value);
CURLcode kotib_curl_get_pointer(CURL *easy, CURLINFO info, void **value);

CURLMcode kotib_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);

#endif
