// Package supervisor runs one campaign.
package supervisor
