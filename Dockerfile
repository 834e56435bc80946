# One image for everything: it runs a twin, or what is named behind it (`python -m twin run JOB`).
# Both stages need no compiler for what the requirements name; if your jobs need one, build with
# `FROM python:3.13 AS build`: it stays out of the image all the same. Images are named by their
# digest, so that what is built is what was tried.
FROM python:3.13.16-slim-trixie@sha256:bb2988715db2cf7ace7b53f38f3cffbef7c7046a656bee66245eb0ed386e2e81 AS build
WORKDIR /app
COPY requirements.txt requirements-strict.txt ./
# The second file has the drivers of an arbiter (docs/strict.md). They take 19 MB: who needs none
# can leave it out.
RUN pip install --no-cache-dir --prefix=/packages --require-hashes \
    --requirement=requirements.txt --requirement=requirements-strict.txt
COPY . .
# Files that only their owner may read here would be nobody's there.
RUN chmod -R a+rX . && python -m compileall -q twin

FROM python:3.13.16-slim-trixie@sha256:bb2988715db2cf7ace7b53f38f3cffbef7c7046a656bee66245eb0ed386e2e81
ENV PYTHONUNBUFFERED=1
WORKDIR /app
COPY --from=build /packages /usr/local
COPY --from=build /app .
# A user without a name, who can write nothing but /tmp; hosts choose another one as they like.
USER 65532:65532
EXPOSE 8000
HEALTHCHECK --timeout=5s --start-period=20s CMD ["python", "-ISc", "\
import os, sys; \
from http.client import HTTPConnection; \
twin = HTTPConnection('127.0.0.1', os.environ.get('PORT') or 8000, timeout=4); \
twin.request('GET', '/healthz'); \
sys.exit(twin.getresponse().status != 200)"]
# Without a shell in between, so that SIGTERM arrives at Python.
CMD ["python", "-m", "twin"]
