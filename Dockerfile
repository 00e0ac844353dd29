# derain serve, with its page and without PyTorch. See docs/server.md.

FROM node:22-bookworm-slim AS page
WORKDIR /derain
COPY web/package.json web/package-lock.json web/
RUN npm --prefix web ci
COPY web web
COPY src/derain/zoo/models src/derain/zoo/models
COPY examples examples
RUN npm --prefix web run build && npm --prefix web run compress

# Python 3.11 is what constraints.txt holds versions for.
FROM python:3.11-slim-bookworm AS environment
WORKDIR /derain
# More extras, such as serve,openvino,heif: docker build --build-arg EXTRAS=...
ARG EXTRAS=serve
RUN python -m venv /opt/derain
COPY pyproject.toml hatch_build.py constraints.txt README.md LICENSE WEIGHTS-LICENSE.md ./
COPY src src
COPY --from=page /derain/src/derain/serve/page src/derain/serve/page
RUN /opt/derain/bin/pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim-bookworm
COPY --from=environment /opt/derain /opt/derain
ENV PATH=/opt/derain/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["derain", "serve", "--host", "0.0.0.0"]
