"""Apache Airflow 3: a task that runs the monitors, and one that checks what they found."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="model_monitoring",
    schedule="30 5 * * *",
    start_date=datetime(2026, 1, 1),
    # A run counts all that is new, so nights that were missed need none of their own.
    catchup=False,
    max_active_runs=1,
    tags=["sqlmonitor"],
):
    run = BashOperator(
        task_id="run",
        # The last line of standard output, the outcome in JSON, becomes the task's XCom.
        bash_command="sqlmonitor run --log-format json --timeout 3600 --retries 5",
        cwd="/srv/monitoring",
        append_env=True,
        execution_timeout=timedelta(minutes=75),
        # A worker may be lost; a run that is repeated ends with the same rows.
        retries=2,
        retry_delay=timedelta(minutes=10),
    )
    check = BashOperator(
        task_id="check",
        bash_command="sqlmonitor check",
        cwd="/srv/monitoring",
        append_env=True,
        # An alert stays one, however often it is looked at.
        retries=0,
    )
    run >> check
