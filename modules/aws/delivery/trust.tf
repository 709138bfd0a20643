locals {
  github_provider = var.github == null ? null : coalesce(var.github.provider, one(aws_iam_openid_connect_provider.github[*].arn))

  # A repository that was created, renamed or moved since 15 July 2026 has its ids in the subject; an older one does
  # not: https://docs.github.com/en/actions/reference/security/oidc
  github_subjects = var.github == null ? [] : [
    "repo:${var.github.owner}@${var.github.owner_id}/${var.github.repository}@${var.github.repository_id}",
    "repo:${var.github.owner}/${var.github.repository}",
  ]

  # Somebody else can take over an abandoned name but not an id, so both must match. AWS may lack a condition key for
  # the owner's id, and a condition on a missing key lets nobody in; a repository's id is enough by itself:
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
  github_ids = var.github == null ? null : {
    "token.actions.githubusercontent.com:aud"           = "sts.amazonaws.com"
    "token.actions.githubusercontent.com:repository_id" = tostring(var.github.repository_id)
  }

  # A subject ends with what the job runs for and then, if set up for Azure, whether its branch is protected. A job in
  # an environment has no branch in its subject, and any branch may name any environment.
  github_contexts = merge(
    { planner = { pull_request = false, "ref:refs/heads/${try(var.github.branch, "")}" = true } },
    { for environment in keys(var.environments) : "deployer-${environment}" => { "environment:${environment}" = true } },
  )
  github_jobs = {
    for role, contexts in local.github_contexts : role => flatten([
      for context, protected in contexts : [context, "${context}:ref_protected:${protected}"]
    ])
  }

  github_trust = {
    for role, jobs in local.github_jobs : role => {
      Effect    = "Allow"
      Principal = { Federated = local.github_provider }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = merge(local.github_ids, {
          "token.actions.githubusercontent.com:sub" = [for pair in setproduct(local.github_subjects, jobs) : join(":", pair)]
        }, role == "planner" ? {} : { "token.actions.githubusercontent.com:ref" = "refs/heads/${var.github.branch}" })
      }
    } if var.github != null
  }

  # Nobody in the account may assume these roles directly; only the pipeline's token can.
  nobody = { Effect = "Deny", Principal = { AWS = "*" }, Action = "sts:AssumeRole" }

  trust = {
    for job in keys(local.github_jobs) : job => concat([local.nobody], [for role, trust in local.github_trust : trust if role == job])
  }
}
