from reviews.admin.leader import LeaderReviewAdmin

__all__ = ["LeaderReviewAdmin"]
