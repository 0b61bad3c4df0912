"""The role and capability matrix: the one place that says who may do what, and how far it reaches.

The gate, the menus, the table in the manual and the permission test are all made from `MATRIX`.
A role is held in an organization; `Reach` says on which objects, seen from there. Source: 2-domain section (e)
(`docs/roles.md`). A capability missing for a role means no.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    MEMBER = "member", pgettext_lazy("role", "Party member")
    SECRETARY = "secretary", _("Branch secretary")
    STAFF = "staff", _("Party-affairs staff")
    OFFICE = "office", _("Campaign office")
    LEADER = "leader", _("Leader")
    COMMITTEE = "committee", _("Award committee")
    SYSTEM_ADMIN = "system_admin", _("System administrator")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    AUDIT_ADMIN = "audit_admin", _("Audit administrator")


ADMINISTRATORS = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
"""Nobody holds two of these (three-role separation)."""


class Reach(TextChoices):
    """On which objects a capability reaches, seen from the organization in which the role is held."""

    SELF = "self", _("Own records")
    UNIT = "unit", _("Own organization")
    SUBTREE = "subtree", _("Own organization and below")
    BELOW = "below", _("Organizations below")
    UPWARD = "upward", _("Own organization and above")


class Cap(TextChoices):
    """Capabilities: `<part>.<verb>`. A view names one per method; a service checks one per verb."""

    ORG_VIEW = "orgs.view", _("See organizations")
    ORG_MANAGE = "orgs.manage", _("Change organizations")
    MEMBER_VIEW = "members.view", _("See members")
    MEMBER_MANAGE = "members.manage", _("Change members")
    MEMBER_IMPORT = "members.import", _("Import from Excel")
    MEMBER_HISTORY = "members.history", _("Correct the history of members")
    TRANSFER_VIEW = "transfers.view", _("See transfers")
    TRANSFER_REQUEST = "transfers.request", _("Ask for transfers")
    TRANSFER_RELEASE = "transfers.release", _("Release members")
    TRANSFER_ACCEPT = "transfers.accept", _("Accept members")
    WORKER_VIEW = "workers.view", _("See workers who are no members")
    WORKER_MANAGE = "workers.manage", _("Keep the list of workers")
    LEADERSHIP_MANAGE = "orgs.leadership", _("Keep leading group and office")
    CONTACT_VIEW = "contacts.view", _("See contact points")
    CONTACT_MANAGE = "contacts.manage", _("Assign contact points")
    CONTACT_VISIT = "contacts.visit", _("Record visits")
    DATA_QUALITY = "orgs.quality", _("Check the quality of data")
    ACCOUNT_MANAGE = "accounts.manage", _("Manage accounts")
    ACCOUNT_CODE = "accounts.code", _("Issue one-time codes to members")
    SIGN_IN_POLICY = "accounts.policy", _("Set the rules of signing in")
    ROLE_GRANT = "roles.grant", _("Grant roles")
    AUDIT_VIEW = "audit.view", _("Read the audit log")

    CAMPAIGN_VIEW = "campaign.view", _("See campaigns")
    CAMPAIGN_MANAGE = "campaign.manage", _("Set up campaigns")

    PLAN_VIEW = "plans.view", _("See implementation plans")
    PLAN_WRITE = "plans.write", _("File implementation plans")
    PLAN_ACCEPT = "plans.accept", _("Check implementation plans")

    PLEDGE_VIEW = "pledges.view", _("See pledges")
    PLEDGE_WRITE_ORG = "pledges.write_org", _("Write an organization's pledge")
    PLEDGE_WRITE = "pledges.write", _("Write a member's pledge")
    PLEDGE_REVIEW = "pledges.review", _("Review pledges")
    PLEDGE_PUBLISH = "pledges.publish", _("Publish pledges")
    PLEDGE_APPRAISE = "pledges.appraise", _("Appraise pledges")
    PLEDGE_APPRAISE_PEER = "pledges.appraise_peer", _("Appraise the pledges of colleagues")
    PLEDGE_CHECK = "pledges.check", _("Record checks of pledges")
    PLEDGE_STATISTICS = "pledges.statistics", _("See the statistics of pledges")
    BOARD_VIEW = "pledges.board", _("See the public board")

    REVIEW_VIEW = "reviews.view", _("See leader reviews")
    REVIEW_WRITE = "reviews.write", _("Write leader reviews of members")
    REVIEW_WRITE_ORG = "reviews.write_org", _("Write leader reviews of organizations")
    REVIEW_OWN = "reviews.own", _("Change leader reviews of one's own")
    REVIEW_COVERAGE = "reviews.coverage", _("See who has not been reviewed")

    ROUND_VIEW = "rounds.view", _("See evaluation rounds")
    ROUND_MANAGE = "rounds.manage", _("Hold evaluation rounds")
    ROUND_COUNT = "rounds.count", _("Count ballots on paper")
    ROUND_RESULTS = "rounds.results", _("See evaluation results")
    VOTE = "rounds.vote", _("Vote")

    APPRAISAL_VIEW = "appraisals.view", _("See appraisals of members")
    APPRAISAL_MANAGE = "appraisals.manage", _("Hold appraisals of members")
    APPRAISAL_WRITE = "appraisals.write", _("Write one's own appraisal")
    APPRAISAL_PEER = "appraisals.peer", _("Write remarks on colleagues")
    APPRAISAL_DECIDE = "appraisals.decide", _("Decide the appraisal of a branch")
    APPRAISAL_CONFIRM = "appraisals.confirm", _("Confirm the appraisals of branches")
    APPRAISAL_FOLLOW = "appraisals.follow", _("Follow up what appraisals told members")

    SECRETARY_VIEW = "secretaries.view", _("See appraisals of secretaries")
    SECRETARY_MANAGE = "secretaries.manage", _("Hold appraisals of secretaries")
    SECRETARY_WRITE = "secretaries.write", _("Write one's own report as secretary")
    SECRETARY_ASK = "secretaries.ask", _("Ask secretaries about their reports")
    SECRETARY_GRADE = "secretaries.grade", _("Grade secretaries and list their problems")

    AWARD_VIEW = "awards.view", _("See award batches")
    AWARD_MANAGE = "awards.manage", _("Hold award batches")
    NOMINATE = "awards.nominate", _("Nominate")
    NOMINATION_VIEW = "awards.nominations", _("See nominations")
    AWARD_DECIDE = "awards.decide", _("Decide awards")

    SCORE_VIEW = "scores.view", _("See scores of organizations")
    SCORE_VIEW_MEMBER = "scores.view_member", _("See scores of members")
    SCORE_RUN = "scores.run", _("Compute scores")
    SCORE_FREEZE = "scores.freeze", _("Freeze periods")

    REPORT_EXPORT = "reports.export", _("Export reports")
    PERSONAL_UNMASK = "members.unmask", _("Export personal data unmasked")
    JOB_VIEW = "jobs.view", _("See own background jobs")


R, C = Role, Cap
SELF, UNIT, SUBTREE, BELOW, UPWARD = Reach.SELF, Reach.UNIT, Reach.SUBTREE, Reach.BELOW, Reach.UPWARD

MATRIX: dict[Cap, dict[Role, Reach]] = {
    C.ORG_VIEW: {
        R.MEMBER: UNIT,
        R.SECRETARY: SUBTREE,
        R.STAFF: SUBTREE,
        R.OFFICE: SUBTREE,
        R.LEADER: SUBTREE,
        R.COMMITTEE: SUBTREE,
        R.SYSTEM_ADMIN: SUBTREE,
        R.SECURITY_ADMIN: SUBTREE,
    },
    C.ORG_MANAGE: {R.STAFF: BELOW, R.OFFICE: SUBTREE, R.SYSTEM_ADMIN: SUBTREE},
    C.MEMBER_VIEW: {
        R.MEMBER: SELF,
        R.SECRETARY: SUBTREE,
        R.STAFF: SUBTREE,
        R.OFFICE: SUBTREE,
        R.LEADER: SUBTREE,
        R.COMMITTEE: SUBTREE,
    },
    C.MEMBER_MANAGE: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.MEMBER_IMPORT: {R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.MEMBER_HISTORY: {R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.TRANSFER_VIEW: {R.MEMBER: SELF, R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.TRANSFER_REQUEST: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.TRANSFER_RELEASE: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.TRANSFER_ACCEPT: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.WORKER_VIEW: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.WORKER_MANAGE: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.LEADERSHIP_MANAGE: {R.SECRETARY: UNIT, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.CONTACT_VIEW: {
        R.MEMBER: SELF,
        R.SECRETARY: SUBTREE,
        R.STAFF: SUBTREE,
        R.OFFICE: SUBTREE,
        R.LEADER: SUBTREE,
    },
    C.CONTACT_MANAGE: {R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.CONTACT_VISIT: {R.MEMBER: SELF, R.LEADER: SELF, R.SECRETARY: UNIT, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.DATA_QUALITY: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.SYSTEM_ADMIN: SUBTREE},
    C.PERSONAL_UNMASK: {R.OFFICE: SUBTREE},
    C.ACCOUNT_MANAGE: {R.SYSTEM_ADMIN: SUBTREE},
    C.ACCOUNT_CODE: {R.SECRETARY: SUBTREE},
    C.SIGN_IN_POLICY: {R.SECURITY_ADMIN: SUBTREE},
    C.ROLE_GRANT: {R.SECURITY_ADMIN: SUBTREE},
    C.AUDIT_VIEW: {R.AUDIT_ADMIN: SUBTREE},
    C.CAMPAIGN_VIEW: {
        R.MEMBER: UPWARD,
        R.SECRETARY: UPWARD,
        R.STAFF: UPWARD,
        R.OFFICE: UPWARD,
        R.LEADER: UPWARD,
        R.COMMITTEE: UPWARD,
    },
    C.CAMPAIGN_MANAGE: {R.OFFICE: SUBTREE},
    C.PLAN_VIEW: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.PLAN_WRITE: {R.SECRETARY: UNIT, R.STAFF: UNIT, R.OFFICE: UNIT},
    C.PLAN_ACCEPT: {R.SECRETARY: UNIT, R.STAFF: UNIT, R.OFFICE: SUBTREE},
    C.PLEDGE_VIEW: {R.MEMBER: SELF, R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.PLEDGE_WRITE_ORG: {R.SECRETARY: UNIT, R.STAFF: UNIT, R.OFFICE: UNIT},
    C.PLEDGE_WRITE: {R.MEMBER: SELF, R.SECRETARY: SUBTREE, R.STAFF: UNIT, R.OFFICE: UNIT},
    C.PLEDGE_REVIEW: {R.SECRETARY: UNIT, R.STAFF: UNIT, R.OFFICE: UNIT},
    C.PLEDGE_PUBLISH: {R.SECRETARY: UNIT, R.STAFF: UNIT, R.OFFICE: UNIT},
    C.PLEDGE_APPRAISE: {R.SECRETARY: UNIT, R.STAFF: UNIT, R.OFFICE: UNIT},
    C.PLEDGE_APPRAISE_PEER: {R.MEMBER: UNIT},
    C.PLEDGE_CHECK: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.PLEDGE_STATISTICS: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.BOARD_VIEW: {
        R.MEMBER: UNIT,
        R.SECRETARY: SUBTREE,
        R.STAFF: SUBTREE,
        R.OFFICE: SUBTREE,
        R.LEADER: SUBTREE,
        R.COMMITTEE: SUBTREE,
    },
    C.REVIEW_VIEW: {R.MEMBER: SELF, R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.REVIEW_WRITE: {R.LEADER: BELOW, R.SECRETARY: SUBTREE},
    C.REVIEW_WRITE_ORG: {R.LEADER: BELOW, R.SECRETARY: BELOW},
    C.REVIEW_OWN: {R.LEADER: SELF, R.SECRETARY: SELF},
    C.REVIEW_COVERAGE: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.ROUND_VIEW: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.ROUND_MANAGE: {R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.ROUND_COUNT: {R.SECRETARY: BELOW, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.ROUND_RESULTS: {R.MEMBER: UNIT, R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.VOTE: {R.MEMBER: SELF},
    C.APPRAISAL_VIEW: {R.MEMBER: SELF, R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.APPRAISAL_MANAGE: {R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.APPRAISAL_WRITE: {R.MEMBER: SELF},
    C.APPRAISAL_PEER: {R.MEMBER: UNIT},
    C.APPRAISAL_DECIDE: {R.SECRETARY: UNIT},
    C.APPRAISAL_CONFIRM: {R.STAFF: BELOW, R.OFFICE: BELOW},
    C.APPRAISAL_FOLLOW: {R.SECRETARY: UNIT, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.SECRETARY_VIEW: {R.MEMBER: SELF, R.SECRETARY: BELOW, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.SECRETARY_MANAGE: {R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.SECRETARY_WRITE: {R.MEMBER: SELF},
    C.SECRETARY_ASK: {R.STAFF: BELOW, R.OFFICE: BELOW, R.LEADER: BELOW},
    C.SECRETARY_GRADE: {R.STAFF: BELOW, R.OFFICE: BELOW},
    C.AWARD_VIEW: {
        R.MEMBER: UPWARD,
        R.SECRETARY: UPWARD,
        R.STAFF: UPWARD,
        R.OFFICE: SUBTREE,
        R.LEADER: UPWARD,
        R.COMMITTEE: SUBTREE,
    },
    C.AWARD_MANAGE: {R.STAFF: UNIT, R.OFFICE: SUBTREE},
    C.NOMINATE: {R.SECRETARY: UNIT, R.STAFF: UNIT},
    C.NOMINATION_VIEW: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.COMMITTEE: SUBTREE},
    C.AWARD_DECIDE: {R.COMMITTEE: SUBTREE},
    C.SCORE_VIEW: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE, R.LEADER: SUBTREE},
    C.SCORE_VIEW_MEMBER: {R.MEMBER: SELF, R.SECRETARY: SUBTREE},
    C.SCORE_RUN: {R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.SCORE_FREEZE: {R.OFFICE: SUBTREE},
    C.REPORT_EXPORT: {R.SECRETARY: SUBTREE, R.STAFF: SUBTREE, R.OFFICE: SUBTREE},
    C.JOB_VIEW: {
        R.SECRETARY: SELF,
        R.STAFF: SELF,
        R.OFFICE: SELF,
        R.SYSTEM_ADMIN: SELF,
        R.SECURITY_ADMIN: SELF,
        R.AUDIT_ADMIN: SELF,
    },
}


def roles_with(capability: Cap) -> dict[Role, Reach]:
    """Return the roles that hold `capability`, each with its reach."""
    return MATRIX.get(capability, {})
