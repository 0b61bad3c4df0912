from celery import shared_task

from campaign.jobs.services import job_files_expire, job_run, jobs_sweep


@shared_task(name="jobs.run")
def run(job_id: str) -> None:
    job_run(job_id=job_id)


@shared_task(name="jobs.sweep")
def sweep() -> None:
    jobs_sweep()


@shared_task(name="jobs.expire")
def expire() -> None:
    job_files_expire()
