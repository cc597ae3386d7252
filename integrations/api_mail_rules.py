"""Rules for mails below /api/v1/."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alertops import clock
from alerts.api_fields import ErrorFields
from integrations import actions
from integrations.api import Managed, changed
from integrations.api_fields import MailRuleFields
from integrations.models import Integration, MailRule

_ERRORS = {400: ErrorFields, 401: ErrorFields, 403: ErrorFields, 404: ErrorFields}


class _Rules(Managed):
    def save(self, row: MailRule, fields: MailRuleFields) -> Response:
        is_new = row.pk is None
        fields.is_valid(raise_exception=True)
        rule = changed(row, fields.validated_data)
        actions.save_mail_rules(rule.integration, [rule], [], actor=self.user, now=clock.now())
        return Response(MailRuleFields(rule).data, status=201 if is_new else 200)


class MailRules(_Rules):
    @extend_schema(responses={200: MailRuleFields(many=True), **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """List an integration's rules for mails in the order they are asked."""
        rows = MailRule.objects.filter(integration=self.integration(pk))
        return Response(MailRuleFields(rows, many=True).data)

    @extend_schema(request=MailRuleFields, responses={201: MailRuleFields, **_ERRORS})
    def post(self, request: Request, pk: int) -> Response:
        """Add a rule for mails."""
        row = MailRule(integration=self.integration(pk))
        return self.save(row, MailRuleFields(data=request.data))


class OneMailRule(_Rules):
    def rule(self, pk: int) -> MailRule:
        visible = Integration.objects.visible_to(self.user)
        rows = MailRule.objects.select_related("integration")
        return get_object_or_404(rows.filter(integration__in=visible), pk=pk)

    @extend_schema(responses={200: MailRuleFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return one rule for mails."""
        return Response(MailRuleFields(self.rule(pk)).data)

    @extend_schema(request=MailRuleFields, responses={200: MailRuleFields, **_ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given."""
        row = self.rule(pk)
        return self.save(row, MailRuleFields(row, data=request.data, partial=True))

    @extend_schema(responses={204: None, **_ERRORS})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a rule for mails."""
        row = self.rule(pk)
        actions.save_mail_rules(row.integration, [], [row], actor=self.user, now=clock.now())
        return Response(status=204)
