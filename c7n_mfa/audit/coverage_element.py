# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The metric-filter filter ``signin-coverage``.

Registered in :mod:`c7n_mfa.entry`.
"""

from c7n.filters import Filter
from c7n.utils import type_schema

from c7n_mfa.element import DEFAULT_REQUIREMENT, REQUIREMENTS, Deployable

STATES = ("covers", "misses", "never-fires", "noisy", "unknown")


class SigninCoverage(Deployable, Filter):
    """Matches metric filters by what they catch of the console sign-ins that must be caught.

    A metric filter is looked at when its pattern can match a console sign-in or names one; all
    others are left out. `state` says which to match:

    - `covers`: it catches every sign-in of the requirement
    - `misses`: a sign-in of the requirement does not match it
    - `never-fires`: no console sign-in at all matches it, though it names one
    - `noisy`: it also matches sign-ins that it should leave alone
    - `unknown`: AWS does not say what the pattern means, or it could not be decided

    A metric filter is judged alone here; what several catch together is the account filter's
    question (`signin-monitoring`).

    :example:

    .. code-block:: yaml

        policies:
          - name: signin-filter-misses-root
            resource: aws.log-metric
            filters:
              - type: signin-coverage
                requirement: cis
                state: [misses, never-fires]
    """

    schema = type_schema(
        "signin-coverage",
        required=["state"],
        requirement={"enum": list(REQUIREMENTS)},
        strict={"type": "boolean"},
        state={
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(STATES)},
        },
    )
    annotation_key = "c7n:signin-coverage"
    # The resource's own pattern is all that is looked at.
    permissions = ("logs:DescribeMetricFilters",)

    def process(self, resources, event=None):
        # Not above: custodian loads this module for every policy on metric filters.
        from c7n_mfa.audit.metric_filter import coverage_of
        from c7n_mfa.proof import requirements

        name = self.data.get("requirement", DEFAULT_REQUIREMENT)
        requirement = requirements.REQUIREMENTS[name]
        wanted = set(self.data["state"])
        found = []
        for resource in resources:
            text = resource.get("filterPattern") or ""
            coverage = coverage_of(text, requirement, self.data.get("strict", False))
            if coverage is not None and wanted.intersection(coverage.states):
                resource[self.annotation_key] = coverage.to_dict()
                found.append(resource)
        return found
