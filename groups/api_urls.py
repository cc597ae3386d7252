"""Groups and what belongs to each below /api/v1/."""

from rest_framework.routers import SimpleRouter

from groups import api

router = SimpleRouter()
router.register("groups", api.GroupViewSet, basename="api-group")
router.register(r"groups/(?P<slug>[-\w]+)/members", api.MemberViewSet, basename="api-member")
router.register(
    r"groups/(?P<slug>[-\w]+)/contact-methods",
    api.GroupContactMethodViewSet,
    basename="api-group-contact-method",
)
urlpatterns = router.urls
