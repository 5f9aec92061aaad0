// A page reads one thing, shows that it is reading, and says in words why it could not.
import { onMounted, type Ref, ref, shallowRef } from 'vue'
import { get, Trouble } from '@/api/http'

export interface Reading<T> {
  value: Ref<T | null>
  trouble: Ref<Trouble | null>
  reading: Ref<boolean>
  read(): Promise<void>
}

/** Read `path()` when the page opens, and again by `read()`. What was there stays until the new is there. */
export function useReading<T>(path: () => string): Reading<T> {
  const value = shallowRef<T | null>(null)
  const trouble = shallowRef<Trouble | null>(null)
  const reading = ref(true)
  let asked = 0

  async function read(): Promise<void> {
    const mine = ++asked
    reading.value = true
    try {
      const found = await get<T>(path())
      if (mine !== asked) return
      value.value = found
      trouble.value = null
    } catch (found) {
      if (!(found instanceof Trouble)) throw found
      if (mine === asked) trouble.value = found
    } finally {
      if (mine === asked) reading.value = false
    }
  }
  onMounted(() => void read())
  return { value, trouble, reading, read }
}
