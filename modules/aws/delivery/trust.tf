locals {
  github_provider = var.github == null ? null : coalesce(var.github.provider, one(aws_iam_openid_connect_provider.github[*].arn))

  # A repository made, renamed or moved since 15 July 2026 names itself with its ids, an older one
  # without: https://docs.github.com/en/actions/reference/security/oidc
  github_subjects = var.github == null ? [] : [
    "repo:${var.github.owner}@${var.github.owner_id}/${var.github.repository}@${var.github.repository_id}",
    "repo:${var.github.owner}/${var.github.repository}",
  ]

  # Names can be given up and taken by others, ids cannot, so both must fit. Of the owner AWS may have no key, and a key
  # that it has not lets nobody in; a repository's id holds alone:
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
  github_ids = var.github == null ? null : {
    "token.actions.githubusercontent.com:aud"           = "sts.amazonaws.com"
    "token.actions.githubusercontent.com:repository_id" = tostring(var.github.repository_id)
  }

  # What a job is run for stands at the subject's end, and after it whether its branch is protected, where Azure is to
  # know that. A job in an environment has no branch there, and each branch may name each environment.
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

  # Nobody in the account takes these roles by a right of their own: a token of the pipeline does.
  nobody = { Effect = "Deny", Principal = { AWS = "*" }, Action = "sts:AssumeRole" }

  trust = {
    for job in keys(local.github_jobs) : job => concat([local.nobody], [for role, trust in local.github_trust : trust if role == job])
  }
}
