resource "aws_appautoscaling_target" "this" {
  count = var.scale == null ? 0 : 1

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.stable.name}"
  min_capacity       = var.instances.min
  max_capacity       = var.instances.max
}

# Both apply at once: the larger demand wins, and tasks are removed only if both agree.
resource "aws_appautoscaling_policy" "this" {
  for_each = var.scale == null ? {} : {
    cpu    = { metric = "ECSServiceAverageCPUUtilization", percent = coalesce(var.scale.cpu, 80) }
    memory = { metric = "ECSServiceAverageMemoryUtilization", percent = coalesce(var.scale.memory, 80) }
  }

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value = each.value.percent
    # Quick to add, slow to remove: a surplus task for five minutes costs half a cent.
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}

moved {
  from = aws_appautoscaling_target.this
  to   = aws_appautoscaling_target.this[0]
}
