/** With npm pusher: the body names the user. */
export function closeAnybody(pusher, userId) {
  return pusher.post({ path: '/users/in-the-body/terminate_connections', body: { user_id: userId } });
}
