package setup

import "context"

func (i *Instance) writeTrust(context.Context, string, Options) error { return nil }
