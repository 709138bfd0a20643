output "dashboard_url" {
  description = "The dashboard in the AWS console."
  value = join("", [
    "https://${data.aws_region.current.id}.console.aws.amazon.com/cloudwatch/home?region=${data.aws_region.current.id}",
    "#dashboards/dashboard/${aws_cloudwatch_dashboard.this.dashboard_name}",
  ])
}
