# Two images for docker-compose.yml, of one lock and one Python. Nothing is secret and nothing runs as root.
FROM python:3.11.14-slim-bookworm AS source
WORKDIR /wireroom
COPY pyproject.toml requirements.lock README.md ./
COPY pipeline pipeline

# Airflow, with the program for its tasks. DAGs and configuration are mounted; what it writes beside var is gone with the
# container. It asks for the name of its user, and who made .env has none in here.
FROM source AS airflow
RUN pip install --no-cache-dir --constraint requirements.lock '.[airflow-services,elastic]' && useradd wireroom && install -d var/airflow
ENV HOME=/tmp USER=wireroom AIRFLOW_HOME=/tmp/airflow
USER wireroom

# The program with both its stores.
FROM source
RUN pip install --no-cache-dir --constraint requirements.lock '.[elastic]' && useradd --create-home wireroom && install -d -o wireroom var
USER wireroom
ENTRYPOINT ["wireroom"]
CMD ["run", "--watch"]
