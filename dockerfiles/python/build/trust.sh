# Make pip and uv trust the host's certificate bundle, if it brought one.
if [ -s /build/ca-bundle.crt ]; then
    for name in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE CURL_CA_BUNDLE; do
        export "$name=/build/ca-bundle.crt"
    done
fi
export UV_SYSTEM_CERTS=1 UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
export UV_HTTP_RETRIES=5 UV_HTTP_TIMEOUT=60
# An index that wants a password comes in the place of a proxy: such an argument is in
# no image's history.
if [ -n "${FTP_PROXY:-}" ]; then
    export PIP_INDEX_URL="$FTP_PROXY"
    unset FTP_PROXY
fi
if [ -n "${PIP_INDEX_URL:-}" ]; then
    export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
fi
