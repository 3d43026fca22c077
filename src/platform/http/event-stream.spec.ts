import { describe, expect, it } from '@jest/globals';
import { Expose } from 'class-transformer';
import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { EventStream } from './event-stream.js';

class Thing {
  @Expose() name: string;
}

const quiet = () => new EventStream(Thing, () => undefined);
const written = (stream: EventStream) => (stream.read() as Buffer).toString();

/** Parses server-sent events (WHATWG HTML, section 9.2.6) and returns the events and the last id. */
function parse(text: string): { events: { event: string; data: string }[]; lastEventId: string } {
  const events: { event: string; data: string }[] = [];
  let lastEventId = '',
    data = '',
    event = '';
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === '') {
      if (data !== '') events.push({ event, data: data.slice(0, -1) });
      data = '';
      event = '';
      continue;
    }
    const [field, value] = /^([^:]*):? ?(.*)$/s.exec(line)!.slice(1) as [string, string];
    if (field === 'data') data += `${value}\n`;
    if (field === 'event') event = value;
    if (field === 'id' && !value.includes('\0')) lastEventId = value;
  }
  return { events, lastEventId };
}

describe('a stream of events', () => {
  it('delivers any data unchanged and contains only exposed fields', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uuid(), (name, id) => {
        const stream = quiet();
        stream.send(id, 'thing.made', { name, secret: 'hidden' }, 'staff');
        const { events, lastEventId } = parse(written(stream));
        expect(lastEventId).toBe(id);
        expect(events).toEqual([{ event: 'thing.made', data: JSON.stringify({ name }) }]);
      }),
    );
  });

  it('rejects an id or type that contains a line break', () => {
    for (const broken of ['a\nevent: b', 'a\rb', 'a\0']) {
      expect(() => quiet().send(broken, 'thing.made', { name: 'x' }, 'portal')).toThrow('line break');
      expect(() => quiet().send('id', broken, { name: 'x' }, 'portal')).toThrow('line break');
      expect(() => quiet().heartbeat(broken)).toThrow('line break');
    }
  });

  it('updates the last event id with a heartbeat and sends no event', () => {
    const stream = quiet();
    stream.heartbeat('position');
    expect(parse(written(stream))).toEqual({ events: [], lastEventId: 'position' });
  });

  it('ends with the reason as the last event and ignores later writes', () => {
    const stream = quiet();
    stream.send('1', 'thing.made', { name: 'x' }, 'portal');
    stream.refuse('session_expired');
    stream.send('2', 'thing.made', { name: 'y' }, 'portal');
    stream.refuse('forbidden');
    const { events, lastEventId } = parse(written(stream));
    expect([events.map(({ event }) => event), events[1]?.data, lastEventId]).toEqual([
      ['thing.made', 'end'],
      '{"code":"session_expired"}',
      '1',
    ]);
    expect(stream.over).toBe(true);
  });

  it('ends without a reason when the client should reconnect', async () => {
    const stream = quiet();
    stream.finish();
    stream.finish();
    expect(parse(written(stream)).events).toEqual([]);
    stream.resume();
    await turn();
    expect([stream.readableEnded, stream.errored]).toEqual([true, null]);
  });

  it('reports when it is full, when it has drained, and how long it has stalled', async () => {
    let drained = 0;
    const stream = new EventStream(Thing, () => {
      drained += 1;
    });
    while (!stream.full) stream.send('id', 'thing.made', { name: 'x'.repeat(1_000) }, 'staff');
    await turn();
    drained = 0;
    expect(stream.stalledMillis).toBeGreaterThan(0);
    while (stream.read() !== null);
    await turn();
    expect([drained > 0, stream.full, stream.stalledMillis]).toEqual([true, false, 0]);
  });

  it('can be cut before a response uses it', async () => {
    const stream = quiet();
    stream.cut();
    stream.send('1', 'thing.made', { name: 'x' }, 'portal');
    await turn();
    expect([stream.over, stream.destroyed]).toEqual([true, true]);
  });
});
