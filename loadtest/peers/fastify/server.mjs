// The booking service that a team would write today: reserve in Redis with a Lua script, insert the row in MySQL,
// answer 201. One process. Environment: PORT, REDIS_SOCKET, MYSQL_SOCKET, MYSQL_USER, MYSQL_PASSWORD.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import Redis from 'ioredis';
import mysql from 'mysql2/promise';

const { PORT, REDIS_SOCKET, MYSQL_SOCKET, MYSQL_USER, MYSQL_PASSWORD } = process.env;

const redis = new Redis({ path: REDIS_SOCKET, enableAutoPipelining: true });
redis.defineCommand('reserve', {
  numberOfKeys: 2,
  lua: readFileSync(new URL('reserve.lua', import.meta.url), 'utf8'),
});

const pool = mysql.createPool({
  socketPath: MYSQL_SOCKET,
  user: MYSQL_USER,
  password: MYSQL_PASSWORD,
  database: 'peer',
  connectionLimit: Number(process.env.MYSQL_CONNECTIONS ?? 32),
});

const app = Fastify({ logger: { level: 'warn' } });

const schema = {
  params: { type: 'object', properties: { activity: { type: 'string', pattern: '^[0-9a-f]{32}$' } } },
  body: {
    type: 'object',
    required: ['attendee_id'],
    properties: { attendee_id: { type: 'string', pattern: '^[0-9a-f]{32}$' } },
  },
  response: {
    201: {
      type: 'object',
      properties: { id: { type: 'string' }, activity_id: { type: 'string' }, remaining: { type: 'integer' } },
    },
    409: { type: 'object', properties: { code: { type: 'string' } } },
  },
};

app.post('/api/v1/activities/:activity/bookings', { schema }, async (request, reply) => {
  const { activity } = request.params;
  const user = request.body.attendee_id;
  const stock = `stock:{${activity}}`;
  const users = `users:{${activity}}`;
  const remaining = await redis.reserve(stock, users, user);
  if (remaining < 0) {
    return reply.code(409).send({ code: remaining === -1 ? 'sold_out' : 'already_booked' });
  }
  const id = randomUUID();
  try {
    await pool.execute('INSERT INTO bookings (id, activity_id, user_id, created_at) VALUES (?, ?, ?, NOW(3))', [
      Buffer.from(id.replaceAll('-', ''), 'hex'),
      activity,
      user,
    ]);
  } catch (error) {
    await redis.multi().incr(stock).srem(users, user).exec();
    throw error;
  }
  return reply.code(201).send({ id, activity_id: activity, remaining });
});

await app.listen({ host: '127.0.0.1', port: Number(PORT), backlog: 4096 });
console.log('ready');
