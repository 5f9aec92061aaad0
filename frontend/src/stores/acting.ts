// The steps of an alert and of an incident, each one call: send, keep the answer, say what went wrong.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { get, post, Trouble } from '@/api/http'
import type { Alert, Incident } from '@/api/types'
import { sayTrouble } from '@/toast'
import { useBoard } from './board'
import { useDesk } from './desk'

export interface Disposal {
  result: string
  note: string
  evidence: { kind: string; ref: string; title: string }[]
  no_evidence_reason: string
}

export const useActing = defineStore('acting', () => {
  const board = useBoard()
  const desk = useDesk()
  const working = ref<string | null>(null) // the step under way; one at a time

  async function send<T>(step: string, path: string, body: unknown, take: (answer: T) => void): Promise<boolean> {
    if (working.value) return false
    working.value = step
    try {
      take(await post<T>(path, body))
      return true
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble
      sayTrouble(trouble)
      return false
    } finally {
      working.value = null
    }
  }

  const onAlert = (alert: Alert, step: string, body: object = {}): Promise<boolean> =>
    send<Alert>(step, `/api/alerts/${encodeURIComponent(alert.episode)}/${step}`, body, (a) => board.keepAlert(a))

  const acknowledge = (alert: Alert): Promise<boolean> => onAlert(alert, 'acknowledge')
  const dismiss = (alert: Alert, reason: string): Promise<boolean> => onAlert(alert, 'dismiss', { reason })

  async function promote(alert: Alert): Promise<void> {
    await send<Incident>('promote', `/api/alerts/${encodeURIComponent(alert.episode)}/promote`, {}, (incident) => {
      board.keep(incident)
      desk.open({ what: 'incident', id: incident.id })
    })
  }

  /** A step of an incident. Where somebody was quicker, the newest form is read so that the person sees it. */
  async function step(incident: Incident, name: string, body: object = {}): Promise<boolean> {
    const path = `/api/incidents/${incident.id}/${name}`
    const done = await send<Incident>(name, path, { ...body, version: incident.version }, (i) => board.keep(i))
    if (!done) {
      try {
        board.keep(await get<Incident>(`/api/incidents/${incident.id}`))
      } catch (trouble) {
        if (!(trouble instanceof Trouble)) throw trouble // said already
      }
    }
    return done
  }

  return { working, acknowledge, dismiss, promote, step }
})
