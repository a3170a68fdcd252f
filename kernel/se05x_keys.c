// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keyring .se05x with the static keys of the chips' secure channels, and the mode:
 * what root wants protected, and with which keys that can be done (docs/channel.md)
 *
 * The keys stay in the keyring: who opens a channel gets a copy, and wipes it.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/key.h>
#include <linux/key-type.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <keys/user-type.h>

#include "se05x.h"

static struct key *keyring;

const char * const se05x_modes[SE05X_MODE_OFF + 1] = {
	[SE05X_MODE_AUTO] = "auto",		/* protected when there is a key */
	[SE05X_MODE_REQUIRED] = "required",	/* always; without a key refused */
	[SE05X_MODE_OFF] = "off",		/* never */
};

static unsigned int first_mode = SE05X_MODE_AUTO;

static int first_mode_set(const char *val, const struct kernel_param *kp)
{
	int mode = sysfs_match_string(se05x_modes, val);

	if (mode >= 0)
		first_mode = mode;
	return min(mode, 0);
}

static int first_mode_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", se05x_modes[first_mode]);
}

static const struct kernel_param_ops first_mode_ops = {
	.set = first_mode_set,
	.get = first_mode_get,
};
module_param_cb(channel, &first_mode_ops, NULL, 0444);
MODULE_PARM_DESC(channel, "commands to the IoT applet are protected: auto (when there is a key, default), required, off");

static LIST_HEAD(places);
static DEFINE_MUTEX(places_lock);

/* ---- the keyring ---- */

/* The payload of a key: its version number, ENC, MAC; both 16, 24 or 32 bytes */
static bool is_length(size_t len)
{
	return len == 1 + 2 * 16 || len == 1 + 2 * 24 || len == 1 + 2 * 32;
}

/* What may be linked into the keyring. "keyctl update" does not come by here. */
static int check_link(struct key *to, const struct key_type *type,
		      const union key_payload *payload, struct key *unused)
{
	const struct user_key_payload *data;
	int ret = -EINVAL;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (type != &key_type_logon)
		return -EINVAL;
	rcu_read_lock();
	data = rcu_dereference(payload->rcu_data0);
	if (data && is_length(data->datalen))
		ret = 0;
	rcu_read_unlock();
	return ret;
}

static bool take(const struct user_key_payload *data, struct se05x_static_key *copy)
{
	size_t len = data->datalen / 2;

	if (!is_length(data->datalen))
		return false;
	if (copy) {
		copy->kvn = data->data[0];
		copy->len = len;
		memcpy(copy->enc, data->data + 1, len);
		memcpy(copy->mac, data->data + 1 + len, len);
	}
	return true;
}

/*
 * Look a key up, as it is now. Return: 0; -ENOKEY if there is none; -EKEYREJECTED if
 * there is one that can't be used: it has expired, was revoked or has a wrong length.
 */
static int find_key(const char *description, struct se05x_key_id *id,
		    struct se05x_static_key *copy)
{
	key_ref_t ref = keyring_search(make_key_ref(keyring, true), &key_type_logon,
				       description, false);
	const struct user_key_payload *data;
	int ret = -EKEYREJECTED;
	struct key *key;

	memset(id, 0, sizeof(*id));
	if (IS_ERR(ref)) {
		/* EAGAIN is keyring_search()'s word for it */
		if (PTR_ERR(ref) == -EAGAIN || PTR_ERR(ref) == -ENOKEY)
			return -ENOKEY;
		id->serial = PTR_ERR(ref);
		return -EKEYREJECTED;
	}
	key = key_ref_to_ptr(ref);
	id->serial = key->serial;
	rcu_read_lock();
	data = user_key_payload_rcu(key);
	id->payload = data;
	if (data && take(data, copy))
		ret = 0;
	rcu_read_unlock();
	key_ref_put(ref);
	return ret;
}

/* ---- places ---- */

/* Return: false if there is no memory. */
static bool name_keys(struct se05x_place *place)
{
	place->names[SE05X_KEY_OWN] = kasprintf(GFP_KERNEL, "se05x:%s", place->location);
	place->names[SE05X_KEY_NEXT] = kasprintf(GFP_KERNEL, "se05x:%s:next", place->location);
	place->names[SE05X_KEY_DEFAULT] = kstrdup("se05x:default", GFP_KERNEL);
	return place->names[SE05X_KEY_OWN] && place->names[SE05X_KEY_NEXT] &&
	       place->names[SE05X_KEY_DEFAULT];
}

static void free_place(struct se05x_place *place)
{
	int i;

	for (i = 0; i < SE05X_KEYS; i++)
		kfree(place->names[i]);
	kfree(place);
}

static struct se05x_place *make_place(const char *location)
{
	size_t size = strlen(location) + 1;
	struct se05x_place *place = kzalloc(struct_size(place, location, size), GFP_KERNEL);

	if (!place)
		return NULL;
	memcpy(place->location, location, size);
	place->mode = first_mode;
	if (!name_keys(place)) {
		free_place(place);
		return NULL;
	}
	return place;
}

/**
 * se05x_place_find() - what is known of the place where a chip was found
 * @location: its location
 *
 * Return: the place, for as long as the module is there; NULL without memory.
 */
struct se05x_place *se05x_place_find(const char *location)
{
	struct se05x_place *place;

	mutex_lock(&places_lock);
	list_for_each_entry(place, &places, node)
		if (!strcmp(place->location, location))
			goto out;
	place = make_place(location);
	if (place)
		list_add(&place->node, &places);
out:
	mutex_unlock(&places_lock);
	return place;
}

/* Root's word. What was known of the keys is forgotten; the caller has the lock. */
void se05x_place_set_mode(struct se05x_place *place, enum se05x_mode mode)
{
	WRITE_ONCE(place->mode, mode);
	place->found = false;
	place->own = false;
	WRITE_ONCE(place->written, true);
}

/* Which keys there are now. Return: false if there is none, nor one that can't be used. */
static bool find_keys(struct se05x_place *place, struct se05x_key_id *ids, bool own)
{
	bool found = false;
	int i;

	for (i = 0; i < SE05X_KEYS; i++) {
		int ret = -ENOKEY;

		if (i != SE05X_KEY_DEFAULT || !own)
			ret = find_key(place->names[i], &ids[i], NULL);
		place->usable[i] = !ret;
		found |= ret != -ENOKEY;
		own |= i == SE05X_KEY_OWN && ret != -ENOKEY;
	}
	return found;
}

/**
 * se05x_place_look() - must the chip's commands be protected, and can they be?
 * @place: where it is
 * @lock: what guards @place
 * @changed: out: the keys are others than before, or root has written the mode
 *
 * Return: 0: they go plain; 1: there is a key; -ENOKEY: there is none that can be used.
 */
int se05x_place_look(struct se05x_place *place, spinlock_t *lock, bool *changed)
{
	struct se05x_key_id ids[SE05X_KEYS] = { };
	bool found = false, own, *usable = place->usable;
	enum se05x_mode mode;
	int ret = 0;

	spin_lock(lock);
	mode = place->mode;
	own = place->own;
	*changed = place->written;
	WRITE_ONCE(place->written, false);
	spin_unlock(lock);

	if (mode == SE05X_MODE_OFF)
		memset(place->usable, 0, sizeof(place->usable));
	else
		found = find_keys(place, ids, own);
	*changed |= memcmp(place->ids, ids, sizeof(ids)) != 0;
	memcpy(place->ids, ids, sizeof(ids));
	place->moved &= !*changed;
	if (place->moved) {
		usable[SE05X_KEY_OWN] = false;
		usable[SE05X_KEY_DEFAULT] = false;
	}

	spin_lock(lock);
	place->found |= found;
	place->own |= ids[SE05X_KEY_OWN].serial != 0;
	if (usable[SE05X_KEY_OWN] || usable[SE05X_KEY_NEXT] || usable[SE05X_KEY_DEFAULT])
		ret = 1;
	else if (mode == SE05X_MODE_REQUIRED || (mode == SE05X_MODE_AUTO && place->found))
		ret = -ENOKEY;
	spin_unlock(lock);
	return ret;
}

/* Is that key there still, as of the last look? */
bool se05x_place_has(const struct se05x_place *place, enum se05x_slot slot,
		     const struct se05x_key_id *id)
{
	return place->usable[slot] && !memcmp(&place->ids[slot], id, sizeof(*id));
}

/**
 * se05x_place_key() - a copy of a key
 * @place: where the chip is
 * @slot: which one
 * @id: out: which it is, another one after each change
 * @copy: out; the caller wipes it
 *
 * Return: 0; -ENOKEY; -EKEYREJECTED if it can't be used.
 */
int se05x_place_key(const struct se05x_place *place, enum se05x_slot slot,
		    struct se05x_key_id *id, struct se05x_static_key *copy)
{
	return place->usable[slot] ? find_key(place->names[slot], id, copy) : -ENOKEY;
}

/* The chip has that key. The caller has the lock. */
void se05x_place_fits(struct se05x_place *place, enum se05x_slot slot)
{
	if (slot == SE05X_KEY_NEXT) {
		place->moved = true;
		place->own = true;
	}
}

/* ---- the module ---- */

/* Nobody may link the keyring to where it would outlive the module. */
int __init se05x_keys_init(void)
{
	struct key_restriction *restriction = kzalloc(sizeof(*restriction), GFP_KERNEL);
	const key_perm_t perm = (KEY_POS_ALL & ~KEY_POS_SETATTR) | KEY_USR_VIEW |
				KEY_USR_READ | KEY_USR_SEARCH | KEY_USR_WRITE;

	if (!restriction)
		return -ENOMEM;
	restriction->check = check_link;
	keyring = keyring_alloc(".se05x", GLOBAL_ROOT_UID, GLOBAL_ROOT_GID, current_cred(),
				perm, KEY_ALLOC_NOT_IN_QUOTA, restriction, NULL);
	if (IS_ERR(keyring)) {
		kfree(restriction);
		return PTR_ERR(keyring);
	}
	return 0;
}

/* Somebody may still hold the keyring. Once it is revoked nothing calls check_link(). */
void se05x_keys_exit(void)
{
	struct se05x_place *place, *next;

	list_for_each_entry_safe(place, next, &places, node)
		free_place(place);
	key_revoke(keyring);
	key_put(keyring);
}
