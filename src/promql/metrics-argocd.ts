/**
 * Metrics of Argo CD's application controller (docs/operator-manual/metrics, 2.x and 3.x alike). `name` and `project` are the
 * Application's; `namespace` is where the Application lives, or what the scrape made of it, so nothing asks for that.
 */
export const ARGOCD = {
  /** 1 for each Application; `sync_status`, `health_status` and `autosync_enabled` say how it is. */
  info: 'argocd_app_info',
  /** Finished syncs, by `phase`. */
  syncs: 'argocd_app_sync_total',
} as const;
