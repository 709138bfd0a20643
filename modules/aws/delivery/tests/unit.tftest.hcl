mock_provider "aws" {
  source = "./.."
}

variables {
  name           = "test"
  environments   = { production = "test", staging = "test-staging" }
  machines       = { production = "test-hello", staging = "hello-staging" }
  platforms      = {}
  zones          = { production = "Z0123456789ABCDEFGHIJ" }
  github         = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321 }
  store          = "arn:aws:s3:::test-state-123456789012-us-east-1"
  repository_url = "123456789012.dkr.ecr.us-east-1.amazonaws.com/meridian"
}

run "with_the_variables_above" {
  assert {
    condition = alltrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.planner.policy).Statement : [
        for action in flatten([statement.Action]) : can(regex("^[a-z0-9-]+:(Get|List|Describe)[A-Za-z0-9]*\\*?$", action))
      ]
    ]))
    error_message = "The planner cannot write: every right of the planner must be one to read."
  }
  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.planner.policy).Statement : statement.Resource if contains(flatten([statement.Action]), "s3:GetObject")])) == toset([
      "arn:aws:s3:::test-state-123456789012-us-east-1", "arn:aws:s3:::test-state-123456789012-us-east-1/*", "arn:aws:s3:::test-documents-*", "arn:aws:s3:::test-staging-documents-*",
    ])
    error_message = "The planner reads no objects but states and documents: data of others in the account must stay out of reach."
  }
  assert {
    condition = jsondecode(aws_iam_role.deployer["staging"].assume_role_policy).Statement[1].Condition.StringEquals["token.actions.githubusercontent.com:sub"] == [
      for subject in setproduct(["repo:someone@1234567/meridian@7654321", "repo:someone/meridian"], ["", ":ref_protected:true"]) :
      "${subject[0]}:environment:staging${subject[1]}"
    ]
    error_message = "The deployer is reachable only from its environment: staging's deployer, from staging."
  }
  assert {
    condition = alltrue(flatten([for environment, role in aws_iam_role.deployer : [
      for statement in jsondecode(role.assume_role_policy).Statement : [
        for subject in try(statement.Condition.StringEquals["token.actions.githubusercontent.com:sub"], []) : can(regex(":environment:${environment}(:ref_protected:true)?$", subject))
      ]
    ]]))
    error_message = "No pull request, no other environment."
  }
  assert {
    condition     = [for role in values(aws_iam_role.deployer) : jsondecode(role.assume_role_policy).Statement[1].Condition.StringEquals["token.actions.githubusercontent.com:ref"]] == ["refs/heads/main", "refs/heads/main"]
    error_message = "A job of any branch may name an environment."
  }
  assert {
    condition     = length(jsondecode(aws_iam_role.deployer["staging"].assume_role_policy).Statement) == 2
    error_message = "GitHub's jobs get in, and nobody else."
  }
  assert {
    condition = alltrue(flatten([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer)) : [
      for statement in jsondecode(role.assume_role_policy).Statement : [
        statement.Condition.StringEquals["token.actions.githubusercontent.com:repository_id"] == "7654321",
        statement.Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com",
        keys(statement.Condition) == ["StringEquals"],
        !strcontains(jsonencode(statement.Condition), "*"),
      ] if try(statement.Principal.Federated, "") == local.github_provider
    ]]))
    error_message = "Trust names ids and no wildcard: GitHub's tokens are held against ids, exactly."
  }
  assert {
    condition = toset(jsondecode(aws_iam_role.planner.assume_role_policy).Statement[1].Condition.StringEquals["token.actions.githubusercontent.com:sub"]) == toset([
      for subject in setproduct(
        ["repo:someone@1234567/meridian@7654321", "repo:someone/meridian"],
        ["pull_request", "pull_request:ref_protected:false", "ref:refs/heads/main", "ref:refs/heads/main:ref_protected:true"],
      ) : join(":", subject)
    ])
    error_message = "Pull requests and the branch may plan: in both forms of the subject."
  }
  assert {
    condition     = alltrue([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer)) : jsondecode(role.assume_role_policy).Statement[0] == { Effect = "Deny", Principal = { AWS = "*" }, Action = "sts:AssumeRole" }])
    error_message = "Nobody takes the pipelines' roles by a right in the account: only tokens of the pipeline."
  }
  assert {
    condition = alltrue(flatten([for key, policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement :
      alltrue([for arn in flatten([statement.Condition.ArnLike["iam:PermissionsBoundary"]]) : contains([for boundary in aws_iam_policy.boundary : "arn:aws:iam::123456789012:policy/${boundary.name}"], arn)])
      if length(setintersection(flatten([statement.Action]), ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])) > 0
    ]]))
    error_message = "The deployer makes no role without the boundary and cannot change it: each right to make or change one asks for one of these."
  }
  assert {
    condition = length(setintersection(flatten([for policy in aws_iam_policy.deployer : [for statement in jsondecode(policy.policy).Statement : statement.Action]]), [
      "iam:*", "iam:AttachRolePolicy", "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "iam:SetDefaultPolicyVersion",
      "iam:UpdateAssumeRolePolicy", "iam:CreateUser", "iam:CreateAccessKey", "iam:PutUserPolicy",
    ])) == 0
    error_message = "Nothing takes the boundary off, edits it, or goes round it."
  }
  assert {
    condition = alltrue(flatten([for policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : can(statement.Condition.StringEquals["iam:PassedToService"]) if contains(flatten([statement.Action]), "iam:PassRole")
    ]]))
    error_message = "A role is passed to the services that the stack is made of, and to no other."
  }
  assert {
    condition     = alltrue([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer), values(aws_iam_role.viewer)) : role.path == "/delivery/"])
    error_message = "A role named test-deployer without this path would be its own."
  }
  assert {
    condition = length(flatten([for key, policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : [
        for resource in flatten([statement.Resource]) : resource if can(regex("[/:]test(\\*|-hello)", resource))
      ]
    ] if startswith(key, "staging/")])) == 0
    error_message = "Staging's deployer reaches nothing of production's: no resource of its own begins like production's."
  }
  assert {
    condition = alltrue(flatten([for key, policy in aws_iam_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : [for tags in try([statement.Condition.StringLike["aws:ResourceTag/Stack"]], []) : length(setsubtract(flatten([tags]), ["test-staging*", "hello-staging*"])) == 0]
    ] if startswith(key, "staging/")]))
    error_message = "And networks go by the tag of its own stacks."
  }
  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_policy.deployer["staging/machine"].policy).Statement : statement.Resource]), "arn:aws:iam::*:role/hello-staging*")
    error_message = "Its machine, whose name is another, can be deployed by it."
  }
  assert {
    condition     = alltrue([for policy in concat(values(aws_iam_policy.deployer), values(aws_iam_policy.boundary)) : length(policy.policy) <= 6144])
    error_message = "Each policy is within what AWS takes: 6,144 characters for a managed policy."
  }
  assert {
    condition     = alltrue([for policy in concat([aws_iam_role_policy.planner], values(aws_iam_role_policy.deployer)) : length(policy.policy) <= 10240])
    error_message = "10,240 characters for the policies in a role."
  }
  assert {
    condition = flatten([for statement in jsondecode(aws_iam_role_policy.planner.policy).Statement : statement.Resource if contains(flatten([statement.Action]), "ssm:GetParameter")]) == [
      "arn:aws:ssm:*::parameter/aws/service/*"
    ]
    error_message = "The planner reads no parameter but AWS's own: a plan runs the code of a pull request."
  }
  assert {
    condition = [for environment in ["production", "staging"] : [for statement in jsondecode(aws_iam_role_policy.deployer[environment].policy).Statement : statement.Resource if statement.Sid == "State"][0]] == [
      ["arn:aws:s3:::test-state-123456789012-us-east-1/stack.tfstate*", "arn:aws:s3:::test-state-123456789012-us-east-1/vm.tfstate*"],
      ["arn:aws:s3:::test-state-123456789012-us-east-1/env:/staging/stack.tfstate*", "arn:aws:s3:::test-state-123456789012-us-east-1/env:/staging/vm.tfstate*"],
    ]
    error_message = "A deployer writes the state of its environment only: with the lock file beside it, and never the bootstrap's."
  }
  assert {
    condition = alltrue(flatten([for environment, policy in aws_iam_role_policy.viewer : [
      for statement in jsondecode(policy.policy).Statement : alltrue([for resource in flatten([statement.Resource]) : strcontains(resource, var.environments[environment]) || resource == "arn:aws:ecr:us-east-1:123456789012:repository/meridian"])
      if !can(statement.Condition)
    ]]))
    error_message = "The viewer sees this stack and nothing else: each right names the stack, or the repository that all share."
  }
  assert {
    condition     = alltrue(flatten([for policy in aws_iam_role_policy.viewer : [for statement in jsondecode(policy.policy).Statement : [for action in flatten([statement.Action]) : can(regex(":(Describe|Filter|Get|List|Start)", action))]]]))
    error_message = "It looks and does not touch; StartQuery asks a log."
  }
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.viewer : strcontains(policy.policy, "logs:GetQueryResults")])
    error_message = "Whoever may ask a log gets the answer."
  }
  assert {
    condition = alltrue([for statement in flatten([for policy in aws_iam_policy.boundary : jsondecode(policy.policy).Statement]) :
      alltrue([for resource in flatten([statement.Resource]) : endswith(resource, "-documents-*") if startswith(resource, "arn:aws:s3:")])
    ])
    error_message = "No role that a deployer makes reads the states, whose bucket's name may begin as its stack's."
  }
  assert {
    condition = alltrue(flatten([for environment, policy in aws_iam_role_policy.deployer : [
      for statement in jsondecode(policy.policy).Statement : [
        for each in jsondecode(aws_iam_policy.deployer["${environment}/service"].policy).Statement :
        length(setsubtract([for action in flatten([each.Action]) : action if can(regex(":(Delete|Put)", action)) && action != "ecr:PutImage"], statement.Action)) == 0
        if each.Sid == "Images"
      ] if statement.Sid == "SharedRepositoryStays"
    ]]))
    error_message = "Nor does one with a stack of the shared repository's name change how that keeps images."
  }
}

run "a_provider_that_the_account_has_is_used" {
  variables {
    github = { owner = "someone", owner_id = 1234567, repository = "meridian", repository_id = 7654321, provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }
  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && jsondecode(aws_iam_role.planner.assume_role_policy).Statement[1].Principal.Federated == "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    error_message = "A second one of the same URL cannot be made."
  }
}

run "without_a_pipeline_nobody_gets_in" {
  variables {
    github = null
  }
  assert {
    condition     = alltrue([for role in concat([aws_iam_role.planner], values(aws_iam_role.deployer)) : [for statement in jsondecode(role.assume_role_policy).Statement : statement.Effect] == ["Deny"]])
    error_message = "A trust policy of denials alone."
  }
}

run "rights_to_a_platform_and_its_services_go_by_prefix" {
  variables {
    platforms = { staging = "stg" }
  }
  assert {
    condition = alltrue(flatten([for statement in jsondecode(aws_iam_policy.deployer["staging/platform"].policy).Statement : [
      for arn in flatten([statement.Resource]) : arn == "*" || !strcontains(arn, "stg") || strcontains(arn, "stg-*")
    ]])) && strcontains(aws_iam_policy.deployer["staging/platform"].policy, "loadbalancer/app/stg-*") && !strcontains(aws_iam_policy.deployer["staging/platform"].policy, "meridian*")
    error_message = "Whatever begins with the name and a hyphen, so that another platform's stg2-orders is not reached."
  }
  assert {
    condition     = !contains(keys(aws_iam_policy.deployer), "production/platform") && !strcontains(aws_iam_policy.deployer["production/service"].policy, "stg")
    error_message = "Another environment's deployer has none of it."
  }
  assert {
    condition     = aws_iam_policy.boundary["stg"].name == "stg-boundary" && strcontains(aws_iam_policy.boundary["stg"].policy, "secret:stg-*") && strcontains(aws_iam_policy.deployer["staging/platform"].policy, "arn:aws:iam::123456789012:policy/stg-boundary")
    error_message = "Roles on the platform have its boundary."
  }
  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_role_policy.deployer["staging"].policy).Statement : statement.Resource]), "arn:aws:s3:::test-state-123456789012-us-east-1/env:/staging_*/stack.tfstate*")
    error_message = "The state of each service is its environment's."
  }
  assert {
    condition     = alltrue([for policy in aws_iam_policy.deployer : length(policy.policy) <= 6144])
    error_message = "AWS takes no longer ones."
  }
}

run "a_stack_and_a_platform_may_have_one_name" {
  variables {
    environments = { production = "prod" }
    machines     = {}
    platforms    = { production = "prod" }
  }
  assert {
    condition     = keys(aws_iam_policy.boundary) == ["prod"] && strcontains(aws_iam_policy.boundary["prod"].policy, "secret:prod*")
    error_message = "One boundary for both: the stack's, since what begins with prod- begins with prod."
  }
}
