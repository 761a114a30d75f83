# The bundled controllers in an image without shell, package manager or build tools.
#
#   docker build -t levelset:latest .
#
# Both stages are Debian 12, so that the interpreter the packages are built for is the one that runs them.

FROM docker.io/library/debian:12-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv python3-pip
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY informers informers
COPY controller controller
COPY reconcilers reconcilers
# An environment without pip in it; everything in it is compiled now, because at run time nobody may write there.
RUN python3 -m venv --without-pip /levelset \
 && pip --python /levelset/bin/python3 install --no-cache-dir --no-compile . \
 && /levelset/bin/python3 -m compileall -q --invalidation-mode unchecked-hash /levelset/lib

FROM gcr.io/distroless/python3-debian12:nonroot
COPY --from=build /levelset /levelset
USER 65532:65532
# -I: neither the environment nor the working directory decides what is imported. -B: never try to write bytecode.
ENTRYPOINT ["/levelset/bin/python3", "-IB", "/levelset/bin/levelset"]
CMD ["run", "memcached"]
