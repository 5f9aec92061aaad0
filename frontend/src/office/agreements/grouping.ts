// Annexes that say the same but for who shows whom are one sentence. Pure.
import type { Annex } from '@/api/types'

export interface Group {
  key: string
  /** One of them: what they all say. */
  terms: Annex
  annexes: Annex[]
  /** Every party to every other. */
  each: boolean
}

function said(annex: Annex): string {
  const { data, fields, purposes, basis, valid_from, valid_to, area, delay_s, precision_m, masks, label, frequency } = annex
  const { dormant, awakened_by, forwarding, acts } = annex
  return JSON.stringify([
    data, fields, purposes, basis, valid_from, valid_to, area, delay_s, precision_m, masks, label, frequency, dormant,
    awakened_by, forwarding, acts,
  ])
}

/** In the order in which they first appear. `parties` are those of the agreement. */
export function grouped(annexes: readonly Annex[], parties: readonly string[]): Group[] {
  const found = new Map<string, Annex[]>()
  for (const annex of annexes) {
    const key = said(annex)
    found.set(key, [...(found.get(key) ?? []), annex])
  }
  const all = parties.length * (parties.length - 1)
  return [...found].map(([key, group]) => {
    const pairs = new Set(group.map((a) => `${a.provider} ${a.consumer}`))
    return { key, terms: group[0]!, annexes: group, each: parties.length > 2 && pairs.size === all }
  })
}

/** How many of a group give something now. */
export const active = (group: Group): number => group.annexes.filter((a) => a.state === 'active').length

/** The state of a group: that of all where they agree, else active. */
export function stateOf(group: Group): string {
  const states = new Set(group.annexes.map((a) => a.state))
  return states.size === 1 ? group.annexes[0]!.state : 'active'
}
