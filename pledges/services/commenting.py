"""示诺: what readers of the board say to a pledge, looked at before it shows, and the answer."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.crypto import encrypt
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock_and_read
from pledges.models import BoardLink, CommentKind, CommentState, Pledge, PledgeComment
from pledges.selectors import answerable_by
from pledges.workflow import comments

TEXT_LENGTH = 500


def comment_add(
    *,
    pledge: Pledge,
    text: str,
    kind: str = CommentKind.OPINION,
    actor: Any = None,
    link: BoardLink | None = None,
    name: str = "",
    contact: str = "",
) -> PledgeComment:
    """Say something to a pledge on the board, as a colleague (`actor`) or through a link (`link`, with name and contact if
    the visitor likes). It does not show before someone has looked at it.

    Raises NotAllowed when it does not hang where the person may read it, DomainError without a text.
    """
    if not text.strip() or len(text.strip()) > TEXT_LENGTH:
        raise DomainError(_("Write what you want to say, in at most 500 characters."))
    board = Pledge.objects.allowed(actor, Cap.BOARD_VIEW) if link is None else Pledge.objects.of_link(link)
    if not board.on_display().filter(pk=pledge.pk).exists():
        raise NotAllowed
    with transaction.atomic():
        comment = PledgeComment.objects.create(
            pledge=pledge,
            kind=kind,
            text=text.strip(),
            by=actor,
            by_name=str(actor) if actor is not None else name.strip(),
            contact=encrypt(contact.strip()),
            link=link,
        )
        audit_record(action="comment_add", actor=actor, target=comment)
    return comment


def comment_show(*, comment: PledgeComment, actor: Any) -> PledgeComment:
    """Let a comment show on the board. Raises NotAllowed, StateConflict, DomainError (on one's own pledge)."""
    return comments.take(comment, "comment_show", actor=actor, reason="")


def comment_hide(*, comment: PledgeComment, actor: Any, reason: str) -> PledgeComment:
    """Keep a comment off the board; it stays with its reason. Raises NotAllowed, StateConflict, DomainError."""
    return comments.take(comment, "comment_hide", actor=actor, reason=reason, contact="")


def comment_answer(*, comment: PledgeComment, actor: Any, text: str, version: int | None = None) -> PledgeComment:
    """Answer a comment that shows, or mend the answer: who moderates it or wrote the pledge. Raises NotAllowed,
    StateConflict when it does not show, EditConflict when somebody answered after `version`, DomainError without a text."""
    said = text.strip()
    if not said or len(said) > TEXT_LENGTH:
        raise DomainError(_("Write the answer, in at most 500 characters."))
    if not answerable_by(actor).filter(pk=comment.pk).exists():
        raise NotAllowed
    with transaction.atomic():
        lock_and_read(comment)
        if comment.state != CommentState.SHOWN:
            raise StateConflict
        before = comment.answer
        comment.save_version(
            version or comment.version, answer=said, answered_by=actor, answered_at=clock.now(), contact=""
        )
        audit_record(action="comment_answer", actor=actor, target=comment, changes={"answer": [before, said]})
    return comment
