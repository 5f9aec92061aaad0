// One's own account: what is there, and how something sensitive is done after showing again who one is.
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { get, post, Trouble } from '@/api/http'
import type { Own } from '@/api/types'
import { sayTrouble } from '@/toast'
import { useSession } from './session'

export const useAccount = defineStore('account', () => {
  const session = useSession()
  const own = shallowRef<Own | null>(null)
  const trouble = shallowRef<Trouble | null>(null)
  const working = ref(false)
  const proving = ref(false) // the question who sits here is on the screen
  let answer: (shown: boolean) => void = () => undefined

  async function read(): Promise<void> {
    try {
      own.value = await get<Own>('/api/account')
      trouble.value = null
      await session.restore()
    } catch (found) {
      if (!(found instanceof Trouble)) throw found
      trouble.value = found
    }
  }

  /** Do something; where the server asks for a proof first, ask for it and do it then. Null where it was not done. */
  async function act<T>(doing: () => Promise<T>): Promise<T | null> {
    if (working.value) return null
    working.value = true
    try {
      return await proved(doing)
    } catch (found) {
      sayTrouble(found)
      return null
    } finally {
      working.value = false
      await read()
    }
  }

  async function proved<T>(doing: () => Promise<T>): Promise<T | null> {
    try {
      return await doing()
    } catch (found) {
      if (!(found instanceof Trouble) || found.code !== 'prove_again') throw found
      proving.value = true
      const shown = await new Promise<boolean>((resolve) => (answer = resolve))
      proving.value = false
      return shown ? await doing() : null
    }
  }

  /** The proof was given, or the person thought better of it. */
  const proof = (shown: boolean): void => answer(shown)

  const prove = (body: object): Promise<unknown> => post('/api/session/proof', body)

  return { own, trouble, working, proving, read, act, proof, prove }
})
