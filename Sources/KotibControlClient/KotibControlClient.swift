// KotibControlClient
