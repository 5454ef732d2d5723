FROM python:3.12-slim
RUN useradd --create-home --uid 1000 user
WORKDIR /app
COPY --chown=user requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY --chown=user . .
RUN pip install --no-cache-dir --no-deps .
USER user
EXPOSE 7860
CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "7860"]
