// The pages of the office. To add one: write `office/<Name>.vue`, its words in `i18n/pages/<name>.ts`, and a line here.
import { type Component, defineAsyncComponent } from 'vue'

export interface OfficePage {
  /** In the address: `#/<path>`. */
  path: string
  /** Whoever has this verb sees the page. */
  verb: string
  /** Key of its name in the navigation. */
  title: string
  view: Component
}

export const PAGES: readonly OfficePage[] = [
  { path: 'alliance', verb: 'alliance.read', title: 'alliance.title', view: defineAsyncComponent(() => import('./Alliance.vue')) },
  { path: 'agreements', verb: 'agreement.read', title: 'agreements.title', view: defineAsyncComponent(() => import('./Agreements.vue')) },
  { path: 'security', verb: 'health.read', title: 'security.title', view: defineAsyncComponent(() => import('./Security.vue')) },
  { path: 'disputes', verb: 'disputes.read', title: 'disputes.title', view: defineAsyncComponent(() => import('./Disputes.vue')) },
  { path: 'exports', verb: 'exports.ask', title: 'exports.title', view: defineAsyncComponent(() => import('./Exports.vue')) },
  { path: 'ledger', verb: 'access.read', title: 'ledger.title', view: defineAsyncComponent(() => import('./Ledger.vue')) },
]

/** The pages somebody with these verbs may open. */
export const pagesFor = (verbs: readonly string[]): OfficePage[] => PAGES.filter((page) => verbs.includes(page.verb))
