output "url" {
  description = "URL of the page. With a certificate, point the DNS record of certificate.name at the output addresses."
  value       = var.certificate == null ? "http://${aws_lb.this.dns_name}" : "https://${var.certificate.name}"
}

output "addresses" {
  description = "IPv4 addresses that stay when machines are replaced, for a DNS record."
  value       = [for address in aws_eip.this : address.public_ip]
}

output "greeting" {
  description = "Text that the page shows."
  value       = var.greeting
}

output "image" {
  description = "The image that the machines run, by digest."
  value       = module.image.image
}

output "group" {
  description = "Name of the group that keeps the machines serving."
  value       = aws_autoscaling_group.this.name
}

output "logs" {
  description = "Command that shows what the service logs."
  value       = "aws logs tail ${aws_cloudwatch_log_group.this.name} --follow --region ${var.region}"
}

output "session" {
  description = "Command that opens a shell on a machine, without SSH."
  value = join(" ", [
    "aws ssm start-session --region ${var.region} --target $(aws autoscaling describe-auto-scaling-groups --region ${var.region}",
    "--auto-scaling-group-names ${aws_autoscaling_group.this.name} --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)",
  ])
}

output "name" {
  description = "The name that everything was created under; a destroy finds resources by this name."
  value       = var.name
}

output "region" {
  description = "Region that the stack is deployed in."
  value       = var.region
}
