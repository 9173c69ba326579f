# The program with both its stores, for docker-compose.yml. Nothing is secret and nothing runs as root.
FROM python:3.11.14-slim-bookworm
WORKDIR /wireroom
COPY pyproject.toml requirements.lock README.md ./
COPY pipeline pipeline
RUN pip install --no-cache-dir --constraint requirements.lock '.[elastic]' && useradd --create-home wireroom && install -d -o wireroom var
USER wireroom
ENTRYPOINT ["wireroom"]
CMD ["run", "--watch"]
