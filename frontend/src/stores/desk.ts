// What this desk is looking at: the selection, the filters, the silence. Nothing here is anybody else's business.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { Alert, Incident } from '@/api/types'
import { useBoard } from './board'

export type Chosen =
  | { what: 'alert'; id: string }
  | { what: 'incident'; id: string }
  | { what: 'unit'; id: string }
  | { what: 'target'; handle: number }

export type Filter = 'all' | 'agency' | 'mine'
export type Form = 'assign' | 'dispose' | 'review' | 'dismiss' | null

export const SILENCE_MS = 30_000

export const useDesk = defineStore('desk', () => {
  const board = useBoard()
  const chosen = ref<Chosen | null>(null)
  const cursor = ref<{ what: 'alert' | 'incident'; id: string } | null>(null) // where J and K stand
  const filter = ref<Filter>('all')
  const form = ref<Form>(null)
  const silentUntil = ref(0)
  const refits = ref(0) // grows when the map is asked to go to the selection

  const mine = (owner: string, touched: string[]): boolean => {
    const me = board.me
    if (!me || filter.value === 'all') return true
    if (filter.value === 'agency') return owner === me.agency
    return touched.includes(me.account_id)
  }
  const alerts = computed<Alert[]>(() => board.openAlerts.filter((a) => mine(a.owner, [a.acknowledged_by ?? ''])))
  const incidents = computed<Incident[]>(() =>
    board.openIncidents.filter((i) => mine(i.owner, [i.signed_by, i.handled_by, i.reviewed_by])),
  )
  const chosenAlert = computed(() => (chosen.value?.what === 'alert' ? (board.alerts.get(chosen.value.id) ?? null) : null))
  const chosenIncident = computed(() =>
    chosen.value?.what === 'incident' ? (board.incidents.get(chosen.value.id) ?? null) : null,
  )
  const silent = computed(() => silentUntil.value > board.now)

  function choose(next: Chosen | null): void {
    form.value = null
    if (next && same(next, chosen.value)) next = null // once more: back to what was there before
    chosen.value = next
    if (next?.what === 'alert' || next?.what === 'incident') cursor.value = { what: next.what, id: next.id }
    refits.value++
  }

  function open(next: Chosen): void {
    if (!same(next, chosen.value)) choose(next)
  }

  /** J and K: through the alerts, then the incidents, as they stand on the screen. */
  function step(by: 1 | -1): void {
    const row = [
      ...alerts.value.map((a) => ({ what: 'alert' as const, id: a.episode })),
      ...incidents.value.map((i) => ({ what: 'incident' as const, id: i.id })),
    ]
    if (row.length === 0) return
    const at = row.findIndex((r) => r.what === cursor.value?.what && r.id === cursor.value.id)
    const next = at < 0 ? (by > 0 ? 0 : row.length - 1) : Math.min(row.length - 1, Math.max(0, at + by))
    cursor.value = row[next]!
  }

  function openCursor(): void {
    if (cursor.value) open({ ...cursor.value })
  }

  function silence(): void {
    silentUntil.value = board.serverNow() + SILENCE_MS
  }

  return {
    chosen, cursor, filter, form, silentUntil, refits, alerts, incidents, chosenAlert, chosenIncident, silent,
    choose, open, step, openCursor, silence,
  }
})

function same(a: Chosen, b: Chosen | null): boolean {
  if (!b || a.what !== b.what) return false
  return a.what === 'target' ? a.handle === (b as typeof a).handle : a.id === (b as { id: string }).id
}
