# A briefing in a container: docker compose up. Needs the network once, to build; none to run.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY constraints.txt ./
# PyTorch without CUDA: 200 MB instead of several gigabytes.
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu -c constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY qa qa
COPY corpus corpus
RUN pip install --no-cache-dir -c constraints.txt '.[writer]'

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home briefing && mkdir /data && chown briefing /data
COPY --from=build /venv /venv
COPY corpus /corpus
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 \
    HOME=/tmp \
    BRIEFING_CORPUS__FOLDER=/corpus \
    BRIEFING_INDEX__FOLDER=/data/index \
    BRIEFING_SERVE__HOST=0.0.0.0 \
    BRIEFING_SERVE__LOG_FORMAT=json
USER 10001
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/api/health', timeout=4)"]
CMD ["briefing", "serve"]
